import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Lint)
    buildType(Typecheck)
    buildType(Unit)
}

object Lint : BuildType({
    name = "lint"
    steps {
        script {
            scriptContent = """
                npm run lint
            """.trimIndent()
        }
    }
})

object Typecheck : BuildType({  // FINDING
    name = "typecheck"
    steps {
        script {
            scriptContent = """
                npm run typecheck
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Lint) {}
    }
})

object Unit : BuildType({  // FINDING
    name = "unit"
    steps {
        script {
            scriptContent = """
                npm test
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Typecheck) {}
    }
})
