terraform {
  backend "s3" {
    bucket         = "state"
    key            = "prod"
    dynamodb_table = "locks"
  }
}
