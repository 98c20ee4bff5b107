resource "aws_ecr_repository" "shop" {
  for_each = var.names
  name     = each.key
}

resource "aws_ecr_repository" "web" {
  name = "web"
}

resource "google_artifact_registry_repository" "shop" {
  repository_id = "shop"
  format        = "DOCKER"
  cleanup_policies {
    id     = "keep"
    action = "KEEP"
  }
}
