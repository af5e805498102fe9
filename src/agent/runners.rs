//! Programs whose name does not say what is run: they run what they are given.

/// Shells, and words of theirs that run something now or later.
const SHELLS: &str = "\
    . alias ash bash bind builtin command complete coproc csh dash declare elvish enable eval exec export fc fish
    hash ksh local mapfile mksh nu osh pwsh rbash readarray readonly sh source tcsh trap typeset xonsh yash zsh";

/// What runs another program, as it is, as somebody else, somewhere else or later.
const WRAPPERS: &str = "\
    at authbind batch busybox bwrap capsh catchsegv cgexec choom chpst chronic chroot chrt cpulimit crontab
    dbus-run-session direnv doas dtach dumb-init entr env expect fakechroot fakeroot faketime firejail flock gosu
    hyperfine i386 ifne inotifywait ionice linux32 linux64 ltrace nc ncat netcat nice nohup nsenter numactl openvt
    parallel perf pkexec prlimit proot proxychains rlwrap run-parts runcon runuser s6-setuidgid screen script sem
    setarch setpriv setsid setuidgid sg socat softlimit start-stop-daemon stdbuf strace su su-exec sudo
    systemd-inhibit systemd-nspawn systemd-run taskset time timeout tini tmux torsocks toybox ts-node-dev tsocks
    uclampset unbuffer unshare valgrind watch watchexec watchman with-contenv x86_64 xargs xterm xvfb-run zellij";

/// Other machines and containers.
const ELSEWHERE: &str = "\
    ansible ansible-console ansible-playbook autossh aws az chef-client clush colima consul crictl ctr distrobox
    docker docker-compose dsh flatpak flatpak-spawn fly gcloud guix helm heroku home-manager incus initctl k3s
    kubectl kubectx limactl lxc lxc-attach lxc-execute machinectl minikube mosh multipass nerdctl nix nix-build
    nix-env nix-shell nixos-rebuild nomad oc packer pdsh podman podman-compose pulumi puppet qemu-system-x86_64
    rclone rlogin rsh rsync runc salt salt-call salt-ssh scp service sftp slogin snap ssh sshpass systemctl telnet
    terraform terragrunt tofu toolbox vagrant vault virsh wsl";

/// Languages.
const LANGUAGES: &str = "\
    as awk babel-node bc bun c++ c89 c99 cc clang clang++ clisp clojure cobc coffee convert crystal dart dc deno
    dotnet elixir erl escript ffmpeg g++ gawk gcc gdb ghc ghci ghostscript gnuplot go groovy gs guile iex ipython
    irb java jjs jrunscript jshell julia kotlin latex latexmk ld lldb lua luajit lualatex luatex m4 magick mariadb
    mawk mongo mongosh mono mysql nasm nawk node nodejs ocaml octave original-awk osascript pandoc pdflatex pdftex
    perl php pry psql pypy python pythonw r racket raku rdmd redis-cli rscript ruby runghc runhaskell rust-script
    rustc sbcl scala scala-cli scheme sed sqlite sqlite3 sqlplus swift swipl tcc tclsh tex ts-node tsx wine wish
    xelatex xetex zig";

/// Builds, tests and packages: each runs what its project or its arguments say.
const BUILDS: &str = "\
    ant apk apt apt-get aptitude asdf autoreconf bazel bazelisk bmake brew buck bundle bundler cabal cargo cmake
    composer conan conda corepack cpan cpanm ctest debuild dnf dpkg dpkg-buildpackage earthly easy_install emerge
    fakeroot-sysv gem gmake gradle gradlew grunt gulp hatch invoke jake jest just lake lein libtool luarocks mage
    make mamba meson micromamba mill mise mix mocha mvn mvnw nimble ninja nox npm npx nvm nx opam pacman pdm pip
    pipenv pipx pixi pnpm pnpx poetry port pre-commit pyenv pytest qmake rake rbenv rebar rpm rpmbuild rtx rustup
    rye samu sbt scons stack task tox tup turbo uv uvx vcpkg vitest volta waf xcodebuild xcrun xmake yarn yarnpkg
    yum zypper";

/// What is told of other programs by an option, a setting or an escape.
const ESCAPES: &str = "\
    aider amp bsdtar bzr claude codex copilot cpio cscope ctags cursor-agent darcs dmsetup ed emacs emacsclient ex
    fd fdfind find fossil ftp fzf gemini gh git git-lfs glab goose gpg helix hg hx info install ip jed jj joe
    journalctl kak ld.so less lftp links logrotate lynx mail mailx man micro more most mount mutt nano nmap nvim
    open opencode openssl pager pass pg pico rg rga run-mailcap rview rvim sendmail sort split ssh-agent
    ssh-keygen sudoedit svn tar tcpdump tshark update-alternatives vi view vigr vim vimdiff vipw visudo w3m wget
    xdg-open zip";

/// All of them, without the numbers of their versions.
const RUNNERS: [&str; 6] = [SHELLS, WRAPPERS, ELSEWHERE, LANGUAGES, BUILDS, ESCAPES];

/// Whether a command's first word is that of a program that runs what it is given.
///
/// # Why
/// A list of all such programs is never whole; it has those that agents are known to use, and those that are known from
/// escapes out of restricted shells. What is allowed in the end is shown with the question.
pub(super) fn runs_others(word: &str) -> bool {
    let program = word.rsplit('/').next().unwrap_or(word).to_ascii_lowercase();
    let program = program.strip_suffix(".exe").unwrap_or(&program);
    // `python3.12`, `gcc-13`, `lua5.4`
    let unnumbered = program.trim_end_matches(|c: char| c.is_ascii_digit() || ".-".contains(c));
    // GNU's programs beside those of another system: `gfind`, `gxargs`.
    let names = [program, unnumbered, unnumbered.strip_prefix('g').unwrap_or(unnumbered)];
    unnumbered.is_empty()
        || RUNNERS.iter().flat_map(|all| all.split_whitespace()).any(|runner| names.contains(&runner))
        || ["ld-linux", "ld-musl", "python", "qemu-", "git-"].iter().any(|begin| program.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_what_it_is_given_is_known_by_any_of_its_names() {
        for word in [
            "stdbuf",
            "npx",
            "trap",
            "git",
            "chroot",
            "strace",
            "flock",
            "taskset",
            "unshare",
            "csh",
            "tcsh",
            "npm",
            "uv",
            "cargo",
            "make",
            "systemd-run",
            "pkexec",
            "mawk",
            "sudo",
            "sh",
            "find",
            "xargs",
            "docker",
            "env",
            "/usr/bin/env",
            "./sh",
            "python3.12",
            "pypy3",
            "lua5.4",
            "gcc-13",
            "ruby3.2",
            "perl5.36.0",
            "SUDO",
            "node.exe",
            "gfind",
            "gxargs",
            "gmake",
            "ld-linux-x86-64.so.2",
            "/lib64/ld-linux-x86-64.so.2",
            ".",
            "..",
            "/bin/",
            "7",
        ] {
            assert!(runs_others(word), "{word}");
        }
        for word in ["ls", "cat", "grep", "mkdir", "cp", "rm", "curl", "df", "sha256sum", "./deploy", "touch", "7z"] {
            assert!(!runs_others(word), "{word}");
        }
    }
}
