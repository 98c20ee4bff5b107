import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Test)
}

object Test : BuildType({
    name = "Test"
    params {
        param("env.NODE_TLS_REJECT_UNAUTHORIZED", "1")
        param("env.NODE_ENV", "test")
    }
    steps {
        script {
            scriptContent = "make test"
        }
    }
})
