resource "aws_ecr_repository" "shop" {
  name                 = "shop"
  image_tag_mutability = "IMMUTABLE"
}

resource "aws_ecr_repository" "web" {
  name                 = "web"
  image_tag_mutability = var.mutability
}

resource "aws_ecr_repository" "build_cache" {
  name = "shop/buildcache"
}

resource "google_artifact_registry_repository" "shop" {
  repository_id = "shop"
  format        = "DOCKER"
  docker_config {
    immutable_tags = true
  }
}

resource "google_artifact_registry_repository" "hub" {
  repository_id = "hub"
  format        = "DOCKER"
  mode          = "REMOTE_REPOSITORY"
}

resource "google_artifact_registry_repository" "wheels" {
  repository_id = "wheels"
  format        = "PYTHON"
}
