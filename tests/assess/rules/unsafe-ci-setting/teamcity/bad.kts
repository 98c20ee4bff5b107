import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Test)
}

object Test : BuildType({
    name = "Test"
    params {
        param("env.NODE_TLS_REJECT_UNAUTHORIZED", "0")  // FINDING
        param("env.GIT_SSL_NO_VERIFY", "true")  // FINDING
    }
    steps {
        script {
            scriptContent = "make test"
        }
    }
})
