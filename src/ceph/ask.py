"""Asks a Ceph cluster: ask.py CONF USER KEYRING (empty: what CONF says).

The key may come first, as {"key": …}, and is not answered. Reads requests from standard input, a line of JSON each, and answers each with one:
  {"to": "mon"}            and "mon.a", "mgr", "mds.0", "osd.1": a command of Ceph, in "command"
  {"to": "image"}          "pool", "name" and "bytes": makes an RBD image where there is none; without "bytes" it looks
  {"to": "owners"}         "pool" and "name": the addresses of the clients that have locked an RBD image, as JSON
  → {"status": 0, "out": "what it printed", "why": "what it said besides"}; the status is an errno.
The answer of a cluster that cannot be talked to has "unreachable": true. Python, as the `ceph` program is: the bindings of
librados tell an error from an answer, and one process serves for all requests.
"""
import errno
import json
import sys

try:
    import rados
except ImportError as error:
    print(json.dumps({'status': errno.ENOSYS, 'out': '', 'why': str(error), 'unreachable': True}), flush=True)
    sys.exit()

TIMEOUT = '60'  # seconds; whoever asks has a limit of their own
OPTIONS = {
    'client_mount_timeout': TIMEOUT, 'rados_mon_op_timeout': TIMEOUT, 'rados_osd_op_timeout': TIMEOUT,
    'mon_client_hunt_interval': '0.2', 'log_file': '', 'admin_socket': '', 'log_to_stderr': 'false',
    'err_to_stderr': 'false', 'keyring': sys.argv[3],
}


def main():
    cluster = None
    for line in sys.stdin:
        request = json.loads(line)
        if 'key' in request:
            OPTIONS['key'] = request['key']
            continue
        try:
            if cluster is None:
                cluster = connect()
        except Exception as error:  # whatever it is, it is in the way of every request
            answer(status_of(error), why=str(error), unreachable=True)
            continue
        try:
            status, out, why = ask(cluster, request)
            answer(abs(status), as_text(out), as_text(why))
        except Exception as error:
            answer(status_of(error), why=str(error))


def connect():
    options = {name: value for name, value in OPTIONS.items() if name != 'keyring' or value}
    cluster = rados.Rados(conffile=sys.argv[1], rados_id=sys.argv[2], conf=options)
    cluster.connect()
    return cluster


def ask(cluster, request):
    to, _, which = request['to'].partition('.')
    if to == 'image':
        return image(cluster, request)
    if to == 'owners':
        return owners(cluster, request)
    command = json.dumps({'format': 'json', **request['command']})
    if to == 'mon':
        return cluster.mon_command(command, b'', target=which or None)
    if to == 'mgr':
        return cluster.mgr_command(command, b'')
    if to == 'osd':
        return cluster.osd_command(int(which), command, b'')
    return mds(cluster).mds_command(which, command, '')


def mds(cluster):
    import cephfs
    session = cephfs.LibCephFS(rados_inst=cluster)
    session.init()
    return session


def image(cluster, request):
    import rbd
    with cluster.open_ioctx(request['pool']) as pool:
        exists = request['name'] in rbd.RBD().list(pool)
        if not exists and 'bytes' in request:
            try:
                rbd.RBD().create(pool, request['name'], request['bytes'])
            except rbd.ImageExists:  # made by another, just now
                pass
            return 0, 'made', ''
        return (0, 'found', '') if exists else (errno.ENOENT, '', 'no such image')


def owners(cluster, request):
    import rbd
    with cluster.open_ioctx(request['pool']) as pool:
        with rbd.Image(pool, request['name'], read_only=True) as opened:
            locks = opened.list_lockers() or {'lockers': []}
            return 0, json.dumps([address for _, _, address in locks['lockers']]), ''


def answer(status, out='', why='', **more):
    print(json.dumps({'status': status, 'out': out, 'why': why, **more}), flush=True)


def as_text(value):
    return value.decode() if isinstance(value, bytes) else value or ''


def status_of(error):
    return getattr(error, 'errno', None) or errno.EIO


main()
