# A formula for a tap of Homebrew. The release workflow's checksums take the place of the zeros.
class Dfmigrate < Formula
  desc "Moves the secrets of Docker builds to BuildKit mounts"
  homepage "https://github.com/OWNER/dfmigrate"
  version "0.1.0"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "#{homepage}/releases/download/v#{version}/dfmigrate-#{version}-aarch64-apple-darwin.tar.gz"
      sha256 "0000000000000000000000000000000000000000000000000000000000000000"
    end
    on_intel do
      url "#{homepage}/releases/download/v#{version}/dfmigrate-#{version}-x86_64-apple-darwin.tar.gz"
      sha256 "0000000000000000000000000000000000000000000000000000000000000000"
    end
  end
  on_linux do
    on_arm do
      url "#{homepage}/releases/download/v#{version}/dfmigrate-#{version}-aarch64-unknown-linux-musl.tar.gz"
      sha256 "0000000000000000000000000000000000000000000000000000000000000000"
    end
    on_intel do
      url "#{homepage}/releases/download/v#{version}/dfmigrate-#{version}-x86_64-unknown-linux-musl.tar.gz"
      sha256 "0000000000000000000000000000000000000000000000000000000000000000"
    end
  end

  def install
    bin.install "dfmigrate"
    man1.install Dir["man/*.1"]
    generate_completions_from_executable(bin/"dfmigrate", "completions")
  end

  test do
    (testpath/"Dockerfile").write "FROM scratch\n"
    assert_match "no findings in 1 Dockerfile", shell_output("#{bin}/dfmigrate #{testpath}")
  end
end
