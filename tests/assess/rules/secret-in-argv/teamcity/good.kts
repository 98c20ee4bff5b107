import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Work)
}

object Work : BuildType({
    name = "Work"
    params {
        password("env.NPM_TOKEN", "credentialsJSON:0b1e7d2c-1111-2222-3333-444455556666")
    }
    steps {
        script {
            scriptContent = """
                echo "${'$'}NPM_TOKEN" | docker login --username ci --password-stdin registry.example
                npm publish
            """.trimIndent()
        }
    }
})
