def call(Map options = [:]) {
    pipeline {
        agent any
        stages {
            stage('Build') {
                steps { sh "./gradlew -Pjdk=${options.jdk} build" }
            }
        }
    }
}
