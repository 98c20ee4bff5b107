import jetbrains.buildServer.configs.kotlin.*

version = "2022.10"
project(_Self.Project)
