terraform {
  required_version = ">= 1.9"
  backend "s3" {
    bucket       = "shop-state"
    key          = "prod.tfstate"
    use_lockfile = true
  }
}

locals {
  names = [for name in var.services : lower(name) if name != ""]
  text  = <<-EOT
    hello ${var.who}
  EOT
}

resource "aws_db_instance" "orders" {
  identifier          = "orders-${var.environment}"
  deletion_protection = true
  dynamic "timeouts" {
    for_each = var.timeouts
    content {
      create = timeouts.value
    }
  }
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [engine_version]
  }
}
