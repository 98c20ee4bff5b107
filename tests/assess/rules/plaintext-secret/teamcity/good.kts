import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Work)
}

object Work : BuildType({
    name = "Work"
    params {
        password("env.DB_PASSWORD", "credentialsJSON:0b1e7d2c-1111-2222-3333-444455556666")
        param("env.NPM_TOKEN", "%npm.token%")
        param("env.TOKEN_URL", "https://login.shop.example/oauth")
    }
    steps {
        script {
            scriptContent = """
                make
            """.trimIndent()
        }
    }
})
