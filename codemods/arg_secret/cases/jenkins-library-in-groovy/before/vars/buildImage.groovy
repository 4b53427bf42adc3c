def call(String name) {
    withCredentials([string(credentialsId: "npm", variable: "NPM_TOKEN")]) {
        sh "docker build --build-arg NPM_TOKEN=${env.NPM_TOKEN} -t ${name} ."
    }
}
