terraform {
  backend "s3" { # FINDING
    bucket = "state"
    key    = "prod"
  }
}

resource "aws_db_instance" "orders" { # FINDING
  identifier          = "orders"
  skip_final_snapshot = true
}

resource "google_sql_database_instance" "orders" { # FINDING
  deletion_protection = false
}
