import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Test)
    buildType(Build)
    buildType(Deploy)
}

object Test : BuildType({
    name = "test"
    steps {
        script {
            scriptContent = """
                npm test
            """.trimIndent()
        }
    }
})

object Build : BuildType({
    name = "build"
    steps {
        script {
            scriptContent = """
                npm run build
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Test) {}
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
        snapshot(Build) {}
    }
})
