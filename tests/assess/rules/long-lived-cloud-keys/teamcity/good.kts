import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Work)
}

object Work : BuildType({
    name = "Work"
    params {
        param("env.AWS_REGION", "eu-central-1")
        param("env.AWS_ROLE_ARN", "%aws.role%")
    }
    steps {
        script {
            scriptContent = """
                aws sts assume-role-with-web-identity --role-arn %aws.role%
            """.trimIndent()
        }
    }
})
