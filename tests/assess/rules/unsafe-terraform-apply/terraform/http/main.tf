terraform {
  backend "http" { # FINDING
    address = "https://state.example.test/shop"
  }
}
