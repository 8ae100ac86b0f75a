#!/bin/sh
# Installs what rapido needs from this host and does not find: tells what and why first, and needs root only then.
# Looks for programs and files, never at package databases, so it takes milliseconds when nothing is missing.
set -eu

usage='usage: setup.sh [--check] [--with GROUP]…

  --check        only tell what is missing (status 3), install nothing
  --with GROUP   what one part needs besides: build (compile node-pty), gdb (rapido gdb),
                 ceph (rapido ceph), test (npm test)'

main() {
  check=no
  groups=
  while [ $# -gt 0 ]; do
    case $1 in
      --check) check=yes ;;
      --with)
        [ $# -gt 1 ] || fail 2 '--with needs a group' "$usage"
        groups="$groups $2"
        shift
        ;;
      --help) echo "$usage" && exit 0 ;;
      *) fail 2 "unknown argument \"$1\"" "$usage" ;;
    esac
    shift
  done
  [ "$(uname -m)" = x86_64 ] || fail 3 "this machine is $(uname -m): rapido boots x86_64 kernels on x86_64 hosts"

  case " $groups " in
    *' build '*) ;;
    *) if node_pty_unbuilt; then groups="$groups build"; fi ;;
  esac
  manager=$(package_manager)
  look
  [ -n "$report" ] || { echo 'setup: nothing is missing' && exit 0; }
  printf 'setup: missing here, what it is for, and the package that has it:\n%s' "$report"
  [ "$check" = no ] || exit 3
  install
  look
  if [ -n "$hidden" ]; then install && look; fi # the kernel just installed
  [ -z "$report" ] || fail 3 'still missing after the installation:' "$report"
  echo 'setup: nothing is missing any more'
}

# Fills $report (a line for each missing thing), $packages and $hidden (a kernel image only root can read).
look() {
  report=
  packages=
  hidden=
  #       program             for                                     apt-get          dnf                   zypper      pacman
  program qemu-system-x86_64 'the virtual machine'                    qemu-system-x86  qemu-system-x86-core  qemu-x86    qemu-system-x86
  # Debian's package "dracut" would take initramfs-tools away, and with it how this host makes its own initramfs.
  program dracut             'the image a VM boots from'              dracut-core      dracut                dracut      dracut
  program cpio               'packs the image'                        cpio             cpio                  cpio        cpio
  program kmod               "finds a kernel's modules"               kmod             kmod                  kmod        kmod
  program bash               'holds locks; the shell in the guest'    bash             bash                  bash        bash
  program setpriv            'QEMU must not outlive rapido'           util-linux       util-linux            util-linux  util-linux
  program flock              'locks that end with their holder'       util-linux       util-linux            util-linux  util-linux
  program xz                 'unpacks kernels'                        xz-utils         xz                    xz          xz
  program zstd               'unpacks kernels'                        zstd             zstd                  zstd        zstd
  program perl               'the agent in the guest'                 perl             perl-interpreter      perl        perl
  program tar                'copies files into and out of a guest'   tar              tar                   tar         tar
  program ps                 'goes into the guest'                    procps           procps-ng             procps      procps-ng
  program ip                 'network, in the guest too'              iproute2         iproute               iproute2    iproute2
  bootable_kernel || {
    if [ -n "$hidden" ]; then
      report="$report$(line 'a readable kernel' "only root may read $hidden" "chmod a+r $hidden")$newline"
    else
      need 'a bootable kernel' 'the kernel under test, by default'    "$(apt_kernel)"  kernel-core           kernel-default  linux
    fi
  }
  for group in $groups; do group "$group"; done
}

group() {
  case $1 in
    build)
      program python3        'compiles node-pty'                      python3          python3               python3     python
      program make           'compiles node-pty'                      make             make                  make        make
      program g++            'compiles node-pty'                      g++              gcc-c++               gcc-c++     gcc
      ;;
    gdb)
      program gdb            'rapido gdb'                             gdb              gdb                   gdb         gdb
      ;;
    # No daemon of a cluster is started by these: their services want one that somebody has configured. Debian's ceph-base
    # does start ceph-crash, which waits for crash dumps in /var/lib/ceph. Arch has Ceph in the AUR alone: pacman says so.
    ceph)
      program ceph-mon       'rapido ceph'                            ceph-mon         ceph-mon              ceph-mon    ceph
      program ceph-osd       'rapido ceph'                            ceph-osd         ceph-osd              ceph-osd    ceph
      program ceph-mgr       'rapido ceph'                            ceph-mgr         ceph-mgr              ceph-mgr    ceph
      program ceph-mds       'rapido ceph'                            ceph-mds         ceph-mds              ceph-mds    ceph
      program ceph           'rapido ceph; asks a cluster'            ceph-common      ceph-common           ceph-common ceph
      library qemu/block-rbd.so 'RBD images as disks of QEMU'         qemu-block-extra qemu-block-rbd       qemu-block-rbd qemu-block-rbd
      ;;
    test)
      group ceph
      program ceph-fuse      'tests the profile cephfs-fuse'          ceph-fuse        ceph-fuse             ceph-fuse   ceph
      program rbd-nbd        'tests RBD by nbd'                       rbd-nbd          rbd-nbd               rbd-nbd     ceph
      program shellcheck     'checks our shell scripts'               shellcheck       ShellCheck            ShellCheck  shellcheck
      program zsh            'tests its completion'                   zsh              zsh                   zsh         zsh
      program fish           'tests its completion'                   fish             fish                  fish        fish
      program ssh            'tests the network'                      openssh-client   openssh-clients       openssh-clients openssh
      program ping           'tests the network'                      iputils-ping     iputils               iputils     iputils
      program iperf3         'tests the network'                      iperf3           iperf3                iperf       iperf3
      system_program dnsmasq    'tests DHCP'                          dnsmasq-base     dnsmasq               dnsmasq     dnsmasq
      program slirp4netns    'tests the way out of a network'         slirp4netns      slirp4netns           slirp4netns slirp4netns
      system_program dropbear   'tests rapido ssh'                    dropbear-bin     dropbear              dropbear    dropbear
      system_program mount.cifs 'tests the profile cifs'              cifs-utils       cifs-utils            cifs-utils  cifs-utils
      # Debian's package starts smbd as a service, too, and there is none without: who minds disables smbd and nmbd.
      system_program smbd       'tests the profile cifs'              samba            samba                 samba       samba
      system_program multipathd 'tests the profile multipath'         multipath-tools  device-mapper-multipath multipath-tools multipath-tools
      system_program mkfs.xfs   'tests the profile multipath'         xfsprogs         xfsprogs              xfsprogs    xfsprogs
      system_program dmsetup    'tests the profile lio'               dmsetup          device-mapper         device-mapper device-mapper
      system_program iscsid     'tests the profile open-iscsi'        open-iscsi       iscsi-initiator-utils open-iscsi  open-iscsi
      program tcmu-runner       'tests the profile tcmu-rbd-loop'     tcmu-runner      tcmu-runner           tcmu-runner tcmu-runner
      system_program usbipd     'tests the profile usbip'             usbip            usbip                 usbip       usbip
      program bc                'tests the profiles fstests-…'        bc               bc                    bc          bc
      program killall           'tests the profiles fstests-…'        psmisc           psmisc                psmisc      psmisc
      program setfattr          'tests the profiles fstests-…'        attr             attr                  attr        attr
      system_program debugfs    'tests the profiles fstests-…'        e2fsprogs        e2fsprogs             e2fsprogs   e2fsprogs
      program rsync             "installs the kernel's selftests"        rsync            rsync                 rsync       rsync
      program g++               "builds the kernel's selftests"          g++              gcc-c++               gcc-c++     gcc
      program make              "builds the kernel's selftests"          make             make                  make        make
      # Of the others, none has a kernel's source as one archive.
      [ "$manager $(apt_kernel)" != 'apt-get linux-image-amd64' ] || kernel_source 'the source of a kernel' 'its selftests are tests' linux-source
      library libuid_wrapper.so 'lets an ordinary user run smbd'      libuid-wrapper   uid_wrapper           uid_wrapper uid_wrapper
      ;;
    *) fail 2 "no group \"$1\"" "$usage" ;;
  esac
}

program() {
  command -v "$1" >/dev/null || need "$@"
}

system_program() { # one that an ordinary user's PATH may leave out
  [ -x "/usr/sbin/$1" ] || program "$@"
}

library() {
  for path in /usr/lib64/"$1" /usr/lib/"$1" /usr/lib/*-linux-gnu/"$1"; do
    if [ -e "$path" ]; then return; fi
  done
  need "$@"
}

kernel_source() {
  for path in /usr/src/linux-source-*.tar.xz; do
    if [ -e "$path" ]; then return; fi
  done
  need "$@"
}

need() { # NAME WHY, then its package for each package manager
  case $manager in
    apt-get) package=$3 ;;
    dnf) package=$4 ;;
    zypper) package=$5 ;;
    pacman) package=$6 ;;
    *) package= ;;
  esac
  entry="$(line "$1" "$2" "$package")$newline"
  case $report in *"$entry"*) return ;; esac # two groups want it
  report="$report$entry"
  case " $packages " in *" $package "*) ;; *) packages="${packages:+$packages }$package" ;; esac
}

line() {
  printf '  %-20s %-38s %s' "$@"
}

# A kernel with its modules, and an image whoever runs this may read.
bootable_kernel() {
  for modules in /lib/modules/*/modules.dep; do
    release=${modules%/modules.dep}
    release=${release##*/}
    for image in "/boot/vmlinuz-$release" "/lib/modules/$release/vmlinuz"; do
      if [ -r "$image" ]; then return 0; fi
      if [ -e "$image" ]; then hidden=$image; fi # Ubuntu's images are for root alone
    done
  done
  return 1
}

apt_kernel() {
  # shellcheck source=/dev/null
  case " $(. /etc/os-release 2>/dev/null && echo "$ID ${ID_LIKE:-}") " in
    *' ubuntu '*) echo linux-image-generic ;;
    *) echo linux-image-amd64 ;;
  esac
}

# In a checkout. The published package has no lockfile, and npm compiled node-pty when it installed that.
node_pty_unbuilt() {
  top=${0%/*}/..
  [ -e "$top/package-lock.json" ] && ! [ -e "$top/node_modules/node-pty/build/Release/pty.node" ]
}

package_manager() {
  for name in apt-get dnf zypper pacman; do
    if command -v "$name" >/dev/null; then echo "$name" && return; fi
  done
}

install() {
  [ -n "$manager$hidden" ] || fail 3 'found none of apt-get, dnf, zypper and pacman: install these by hand'
  # Package lists that are there may be too old to download by: only a failure tells.
  as_root "$(install_command)" || as_root "$(install_command refresh)" || fail 3 'the installation failed'
}

as_root() { # COMMAND, for sh
  if [ "$(id -u)" = 0 ]; then
    echo "setup: running: $1"
    sh -c "$1"
    return
  fi
  command -v sudo >/dev/null || fail 3 'that needs root, and there is no sudo here. As root, run:' "  $1"
  # Without a terminal nobody can type a password: fail now, not at a prompt.
  [ -t 0 ] || sudo -n true 2>/dev/null || fail 3 'that needs root, and sudo wants a password. Run:' "  sudo sh -c '$1'"
  echo "setup: running: sudo sh -c '$1'"
  sudo sh -c "$1"
}

install_command() { # [refresh]
  case ${packages:+$manager} in
    apt-get)
      command="apt-get -q -y install --no-install-recommends $packages"
      [ $# = 0 ] && has_files /var/lib/apt/lists/*_Packages* || command="apt-get -q update && $command"
      command="export DEBIAN_FRONTEND=noninteractive; $command"
      ;;
    dnf) command="dnf install -y --setopt=install_weak_deps=False ${1:+--refresh }$packages" ;;
    zypper) command="zypper --non-interactive ${1:+refresh && zypper --non-interactive }install --no-recommends $packages" ;;
    pacman)
      command="pacman -S --needed --noconfirm $packages"
      [ $# = 0 ] && has_files /var/lib/pacman/sync/*.db || command="pacman -Sy --noconfirm && $command"
      ;;
    *) command= ;;
  esac
  [ -z "$hidden" ] || command="${command:+{ $command; \} && }chmod a+r $hidden"
  echo "$command"
}

has_files() {
  [ -e "$1" ]
}

fail() { # STATUS LINE…
  status=$1
  shift
  printf 'setup: ' >&2
  printf '%s\n' "$@" >&2
  exit "$status"
}

newline='
'
main "$@"
