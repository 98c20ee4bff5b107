import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildFeatures.approval
import jetbrains.buildServer.configs.kotlin.buildFeatures.commitStatusPublisher
import jetbrains.buildServer.configs.kotlin.buildFeatures.parallelTests
import jetbrains.buildServer.configs.kotlin.buildFeatures.perfmon
import jetbrains.buildServer.configs.kotlin.buildFeatures.pullRequests
import jetbrains.buildServer.configs.kotlin.buildSteps.dockerCommand
import jetbrains.buildServer.configs.kotlin.buildSteps.gradle
import jetbrains.buildServer.configs.kotlin.buildSteps.script
import jetbrains.buildServer.configs.kotlin.triggers.finishBuildTrigger
import jetbrains.buildServer.configs.kotlin.triggers.schedule
import jetbrains.buildServer.configs.kotlin.triggers.vcs

version = "2024.12"

// The shop: compile, test, image, deploy.
project {
    description = "Everything of the shop"

    params {
        param("env.GRADLE_OPTS", "-Xmx2g")
        param("registry", "registry.example.org")
        text("release", "1.0", label = "Release", description = "what to build", display = ParameterDisplay.PROMPT, allowEmpty = false)
        password("env.REGISTRY_TOKEN", "credentialsJSON:5d1a6b0c-0001")
    }

    buildType(Compile)
    buildType(Tests)
    buildType(Image)
    buildType(Deploy)
}

object Compile : BuildType({
    name = "Compile"
    artifactRules = """
        +:build/libs/*.jar => libs
        -:build/libs/*-sources.jar => libs
        build/reports
    """.trimIndent()

    vcs {
        root(DslContext.settingsRoot)
        cleanCheckout = true
    }

    steps {
        // the wrapper brings its own version
        gradle {
            name = "Assemble"
            tasks = "clean assemble"
            gradleParams = "-Pversion=%release%.%build.number%"
            jdkHome = "%env.JDK_17_0%"
        }
    }

    features {
        perfmon {
        }
        pullRequests {
            vcsRootExtId = "${DslContext.settingsRoot.id}"
            provider = github {
                authType = vcsRoot()
                filterAuthorRole = PullRequests.GitHubRoleFilter.MEMBER
            }
        }
    }

    requirements {
        contains("teamcity.agent.jvm.os.name", "Linux")
        moreThan("teamcity.agent.hardware.memorySizeMb", "4000")
    }
})

object Tests : BuildType({
    name = "Tests"

    vcs {
        root(DslContext.settingsRoot)
    }

    steps {
        gradle {
            tasks = "check"
            buildFile = "app/build.gradle.kts"
            dockerImage = "eclipse-temurin:17"
        }
        script {
            name = "Say it"
            executionMode = BuildStep.ExecutionMode.ALWAYS
            scriptContent = """
                echo "built %build.number% of %teamcity.build.branch%"
                curl -s ${'$'}HOOK -d 100%%
            """.trimIndent()
            dockerImage = "eclipse-temurin:17"
        }
    }

    failureConditions {
        executionTimeoutMin = 45
        errorMessage = true
    }

    features {
        parallelTests {
            numberOfBatches = 3
        }
    }

    dependencies {
        snapshot(Compile) {
            onDependencyFailure = FailureAction.FAIL_TO_START
            reuseBuilds = ReuseBuilds.NO
        }
    }
})

object Image : BuildType({
    name = "Image"

    vcs {
        root(DslContext.settingsRoot, "+:. => source")
    }

    steps {
        dockerCommand {
            name = "Build"
            commandType = build {
                source = file {
                    path = "docker/Dockerfile"
                }
                contextDir = "."
                namesAndTags = "%registry%/shop:%build.number%"
                commandArgs = "--pull"
            }
        }
        dockerCommand {
            name = "Push"
            commandType = push {
                namesAndTags = "%registry%/shop:%build.number%"
            }
            conditions {
                equals("teamcity.build.branch", "main")
            }
        }
    }

    triggers {
        vcs {
            branchFilter = """
                +:main
                +:release/*
                -:release/old
            """.trimIndent()
            triggerRules = "-:docs/**"
        }
        schedule {
            schedulingPolicy = weekly {
                dayOfWeek = ScheduleTrigger.DAY.Monday
                hour = 4
                minute = 30
                timezone = "Europe/Berlin"
            }
            branchFilter = "+:main"
            triggerBuild = always()
            withPendingChangesOnly = false
        }
    }

    dependencies {
        snapshot(Tests) {
            onDependencyFailure = FailureAction.FAIL_TO_START
        }
        dependency(Compile) {
            snapshot {
                onDependencyFailure = FailureAction.CANCEL
            }
            artifacts {
                cleanDestination = true
                artifactRules = "libs/*.jar => source/libs"
            }
        }
    }
})

object Deploy : BuildType({
    name = "Deploy"
    type = BuildTypeSettings.Type.DEPLOYMENT
    maxRunningBuilds = 1
    enablePersonalBuilds = false

    params {
        select("env.TARGET", "staging", label = "Where", options = listOf("staging", "production"))
        param("env.IMAGE", "%registry%/shop:${Image.depParamRefs.buildNumber}")
    }

    steps {
        script {
            scriptContent = "./deploy.sh %env.TARGET% %env.IMAGE%"
        }
    }

    triggers {
        finishBuildTrigger {
            buildType = "${Image.id}"
            successfulOnly = true
            branchFilter = "+:main"
        }
    }

    features {
        approval {
            approvalRules = """
                user:alice
                group:RELEASE:2
            """.trimIndent()
        }
    }

    dependencies {
        snapshot(Image) {
            onDependencyFailure = FailureAction.ADD_PROBLEM
        }
    }
})
