@echo off
rem Finds the tracer executable and hands over to it; see the shell script beside it. Never downloads anything.
if defined TRACER_PROGRAM if exist "%TRACER_PROGRAM%" ( "%TRACER_PROGRAM%" %* & exit /b 0 )
for %%p in (tracer.exe) do if not "%%~$PATH:p"=="" ( "%%~$PATH:p" %* & exit /b 0 )
findstr /c:"SessionStart" >nul && echo {"systemMessage": "tracer: sessions are not traced, tracer.exe was not found. Put it on the PATH or set TRACER_PROGRAM to it, then start codex again."}
exit /b 0
