terraform {
  backend "local" { # FINDING
    path = "terraform.tfstate"
  }
}
