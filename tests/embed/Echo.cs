// Echo - does what its first argument says, so that a host's promises to a program can be checked.
using System;
using System.Threading;

static class Echo
{
    static int Main(string[] args)
    {
        if (args.Length == 0)
            return 0;
        switch (args[0]) {
        case "return":
            return int.Parse(args[1]);
        case "exit":
            Environment.Exit(int.Parse(args[1]));
            return 0;
        case "throw":
            throw new InvalidOperationException("nobody catches this");
        case "threads":
            // Each takes a little of the host's memory for as long as it runs.
            for (int i = 0; i < int.Parse(args[1]); i++)
                new Thread(() => Thread.Sleep(500), 128 << 10).Start();
            return 0;
        default:
            foreach (string arg in args)
                Console.WriteLine("[{0}]", arg);
            return 0;
        }
    }
}
