import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script
import jetbrains.buildServer.configs.kotlin.buildFeatures.PullRequests
import jetbrains.buildServer.configs.kotlin.buildFeatures.pullRequests

version = "2024.12"

project {
    buildType(Work)
}

object Work : BuildType({
    name = "Work"
    params {
        param("env.TITLE", "%teamcity.pullRequest.title%")
    }
    steps {
        script {
            scriptContent = """
                echo "${'$'}TITLE" %build.number%
            """.trimIndent()
        }
    }
    features {
        pullRequests {
            provider = github {
                authType = token {
                    token = "credentialsJSON:0b1e7d2c-1111-2222-3333-444455556666"
                }
                filterAuthorRole = PullRequests.GitHubRoleFilter.MEMBER
            }
        }
    }
})
