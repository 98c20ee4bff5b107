module "ecr" {
  source                          = "terraform-aws-modules/ecr/aws"
  repository_name                 = "shop"
  repository_image_tag_mutability = "MUTABLE" # FINDING
}

module "other" {
  source          = "terraform-aws-modules/ecr/aws"
  repository_name = "web"
}
