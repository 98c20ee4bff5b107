resource "aws_ecr_lifecycle_policy" "shop" {
  for_each   = aws_ecr_repository.shop
  repository = aws_ecr_repository.shop[each.key].name
  policy     = local.policy
}

resource "aws_ecr_lifecycle_policy" "web" {
  repository = "web"
  policy     = local.policy
}
