import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Work)
}

object Work : BuildType({
    name = "Work"
    params {
        param("env.AWS_SECRET_ACCESS_KEY", "%aws.secret%")  // FINDING
        password("env.ARM_CLIENT_SECRET", "credentialsJSON:0b1e7d2c-1111-2222-3333-444455556666")  // FINDING
    }
    steps {
        script {
            scriptContent = """
                aws s3 ls
            """.trimIndent()
        }
    }
})
