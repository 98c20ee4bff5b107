package main

deny contains msg if {
  input.kind == "Pod"
  msg := "no bare pods"
}
