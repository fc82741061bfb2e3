import sys; sys.path.insert(0,'/tmp/w/labs')
from core_edit import *
S='src/haechi/'
for f in ['analysis/reach/classes','analysis/reach/reach','analysis/lint/facts/ends','analysis/why/answer']: add(S+f+'.py','haechi.sets','V6_START')
for f in ['analysis/why/answer','analysis/why/rules','cli/commands/can','analysis/cluster/wording','analysis/reach/services','analysis/lint/checks/ports','analysis/lint/checks/port_names','dataplane/peerset','analysis/explain/ports','analysis/explain/pod']: add(S+f+'.py','haechi.sets','PROTOCOL_NAMES')
for f in ['analysis/explain/ports','analysis/reach/services','analysis/explain/pod','analysis/lint/facts/servers','analysis/why/ports','analysis/assertions/check','engine/policy']:
    drop(S+f+'.py','haechi.engine' if 'engine/' not in f else 'haechi.engine.endpoint','PROTOCOL_NUMBERS')
    add(S+f+'.py','haechi.sets','PROTOCOL_NUMBERS')
edit(S+'analysis/explain/ports.py',(r'^_NAMES = .*\n',''),(r'_NAMES\[','PROTOCOL_NAMES['))
edit(S+'analysis/explain/pod.py',(r'^_NAMES = .*\n',''),(r'_NAMES\[','PROTOCOL_NAMES['))
edit(S+'analysis/cluster/wording.py',(r'^PROTOCOLS: .*\n',''),(r'\bPROTOCOLS\b','PROTOCOL_NAMES'))
edit(S+'analysis/cluster/__init__.py',(r'NO_NAMES, PROTOCOLS, ','NO_NAMES, '),(r'^    "PROTOCOLS",\n',''))
for f in ['analysis/reach/services','analysis/lint/checks/ports','analysis/lint/checks/port_names']:
    drop(S+f+'.py','haechi.analysis.cluster','PROTOCOLS'); edit(S+f+'.py',(r'\bPROTOCOLS\b','PROTOCOL_NAMES'))
edit(S+'lab/ports.py',(r'^NUMBERS: .*\n.*\n',''))
edit(S+'lab/__init__.py',(r'import NUMBERS, ','import '),(r'^    "NUMBERS",\n',''))
drop(S+'lab/run.py','haechi.lab.ports','NUMBERS'); add(S+'lab/run.py','haechi.sets','PROTOCOL_NUMBERS')
edit(S+'lab/run.py',(r'\bNUMBERS\b','PROTOCOL_NUMBERS'))
drop(S+'cli/lab/assertions.py','haechi.lab','NUMBERS'); add(S+'cli/lab/assertions.py','haechi.sets','PROTOCOL_NUMBERS')
edit(S+'cli/lab/assertions.py',(r'\bNUMBERS\b','PROTOCOL_NUMBERS'))
edit('tests/analysis/lint/facts/test_servers.py',(r'haechi.engine.endpoint import PROTOCOL_NUMBERS','haechi.sets import PROTOCOL_NUMBERS'))
edit('tests/lab/test_ports.py',(r'import NUMBERS, ','import '),(r'\bNUMBERS\b','PROTOCOL_NUMBERS'))
add('tests/lab/test_ports.py','haechi.sets','PROTOCOL_NUMBERS')
edit(S+'dataplane/peerset.py',(r'^PROTOCOL_WORDS = .*\n','PROTOCOL_WORDS = {number: name.lower() for number, name in PROTOCOL_NAMES.items()}\n"""As names of sets and maps spell the protocols."""\n'))
