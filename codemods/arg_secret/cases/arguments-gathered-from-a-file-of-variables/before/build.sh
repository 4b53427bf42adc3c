out=""
for i in $(cat build.env); do
  out="$out --build-arg $i"
done
docker build $out -t acme/shop .
