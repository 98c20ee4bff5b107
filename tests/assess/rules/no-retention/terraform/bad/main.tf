resource "aws_ecr_repository" "shop" { # FINDING
  name = "shop"
}

resource "aws_ecr_repository" "web" {
  name = "web"
}

resource "aws_ecr_lifecycle_policy" "web" {
  repository = aws_ecr_repository.web.name
  policy     = file("policy.json")
}

resource "google_artifact_registry_repository" "shop" { # FINDING
  repository_id = "shop"
  format        = "DOCKER"
}
