resource "aws_ecr_repository" "shop" { # FINDING
  name = "shop"
}

resource "aws_ecr_repository" "web" {
  name                 = "web"
  image_tag_mutability = "MUTABLE" # FINDING
  force_delete         = true
}
