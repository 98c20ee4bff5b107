resource "aws_ecr_lifecycle_policy" "shop" {
  repository = module.registry.name
  policy     = local.policy
}
