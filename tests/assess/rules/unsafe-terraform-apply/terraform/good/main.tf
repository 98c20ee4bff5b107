terraform {
  backend "s3" {
    bucket       = "state"
    key          = "prod"
    use_lockfile = true
  }
}

resource "aws_db_instance" "orders" {
  skip_final_snapshot = true
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_db_instance" "users" {
  skip_final_snapshot = true
  deletion_protection = var.protected
}

resource "aws_db_instance" "test" {
  skip_final_snapshot = true
}

resource "google_sql_database_instance" "orders" {
  name = "orders"
}
