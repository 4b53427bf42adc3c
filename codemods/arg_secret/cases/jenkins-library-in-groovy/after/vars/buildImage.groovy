def call(String name) {
    withCredentials([string(credentialsId: "npm", variable: "NPM_TOKEN")]) {
        sh "docker build --secret id=npm_token,env=NPM_TOKEN -t ${name} ."
    }
}
