import docker


def test_image():
    docker.from_env().images.build(path=".", tag="shop")
