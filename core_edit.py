import pathlib,re,ast
R=pathlib.Path('/tmp/w/core')
def edit(path,*pairs):
    p=R/path; t=p.read_text()
    for a,b in pairs:
        n=re.sub(a,b,t,flags=re.M)
        assert n!=t,(path,a); t=n
    p.write_text(t)
def add(path,module,*names):
    p=R/path; t=p.read_text()
    for node in ast.parse(t).body:
        if isinstance(node,ast.ImportFrom) and node.module==module:
            lines=t.splitlines(True)
            have=[a.name+(f' as {a.asname}' if a.asname else '') for a in node.names]
            new=f"from {module} import {', '.join([*have,*[n for n in names if n not in have]])}\n"
            lines[node.lineno-1:node.end_lineno]=[new]
            p.write_text(''.join(lines)); return
    last=[n for n in ast.parse(t).body if isinstance(n,ast.ImportFrom) and n.module!='__future__'][-1]
    lines=t.splitlines(True); lines.insert(last.end_lineno,f"from {module} import {', '.join(names)}\n")
    p.write_text(''.join(lines))
def drop(path,module,*names):
    p=R/path; t=p.read_text()
    for node in ast.parse(t).body:
        if isinstance(node,ast.ImportFrom) and node.module==module:
            lines=t.splitlines(True)
            have=[a.name+(f' as {a.asname}' if a.asname else '') for a in node.names]
            keep=[n for n in have if n not in names]
            assert len(keep)==len(have)-len(names),(path,have,names)
            lines[node.lineno-1:node.end_lineno]=[f"from {module} import {', '.join(keep)}\n"] if keep else []
            p.write_text(''.join(lines)); return
    raise AssertionError((path,module))
