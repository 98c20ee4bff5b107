resource "google_artifact_registry_repository" "shop" { # FINDING
  repository_id = "shop"
  format        = "DOCKER"
}

resource "google_artifact_registry_repository" "web" { # FINDING
  repository_id = "web"
  format        = "DOCKER"
  docker_config {
    immutable_tags = false
  }
}
