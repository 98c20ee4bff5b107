import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Lint)
    buildType(Test)
    buildType(Deploy)
}

object Lint : BuildType({
    name = "lint"
    steps {
        script {
            scriptContent = """
                eslint .
            """.trimIndent()
        }
    }
})

object Test : BuildType({  // FINDING
    name = "test"
    steps {
        script {
            scriptContent = """
                npm test
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Lint) {}
    }
})

object Deploy : BuildType({
    name = "deploy"
    steps {
        script {
            scriptContent = """
                helm upgrade --install --atomic shop ./chart
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Test) {}
    }
})
