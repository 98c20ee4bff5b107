import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Build)
    buildType(Deploy)
    buildType(Clean)
}

object Build : BuildType({
    name = "build"
    steps {
        script {
            scriptContent = """
                make build
            """.trimIndent()
        }
    }
})

object Deploy : BuildType({
    name = "deploy"
    steps {
        script {
            scriptContent = """
                kubectl set image deployment/shop shop=registry.example/shop:1.4.2  # FINDING
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Build) {}
    }
})

object Clean : BuildType({
    name = "clean"
    steps {
        script {
            scriptContent = """
                rm -rf dist
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Deploy) {}
    }
})
