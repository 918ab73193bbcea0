// SuspendStorm - short-lived threads and forced collections, all at once, for some seconds.
//
//     mcs SuspendStorm.cs
//     MONO_THREADS_SUSPEND=preemptive hostmem run SuspendStorm.exe 60
//
// With preemptive suspension a collection stops every thread by a signal, at whatever instruction:
// in the middle of the host's memory functions too. The thread that stopped them then allocates.
// A host that holds a lock across any of this hangs here within seconds; the progress lines stop.
using System;
using System.Diagnostics;
using System.Threading;

static class SuspendStorm
{
    const int Starters = 3;

    static volatile bool stop;
    static long threadsDone;
    static long collections;
    static long bytesTaken;

    // Takes memory of all kinds: thread stack and its guard pages, small objects, large arrays that
    // the host is asked for one by one.
    static void Brief(object seed)
    {
        int number = (int)seed;
        for (int i = 0; i < 4; i++) {
            var array = new byte[(1 << 20) + ((number * 7919 + i * 104729) & 0x1fffff)];
            array[array.Length - 1] = 1;
            Interlocked.Add(ref bytesTaken, array.Length);
            var small = new object[64];
            for (int j = 0; j < small.Length; j++)
                small[j] = new int[16 + j];
        }
        Interlocked.Increment(ref threadsDone);
    }

    static void StartThreads(object seed)
    {
        int number = (int)seed * 1000000;
        var threads = new Thread[4];
        while (!stop) {
            for (int i = 0; i < threads.Length; i++) {
                threads[i] = new Thread(Brief, 256 << 10);
                threads[i].Start(number++);
            }
            foreach (var thread in threads)
                thread.Join();
        }
    }

    static void Collect()
    {
        while (!stop) {
            GC.Collect((int)(collections & 1));
            Interlocked.Increment(ref collections);
        }
    }

    static int Main(string[] args)
    {
        double seconds;
        if (args.Length != 1 || !double.TryParse(args[0], out seconds) || seconds <= 0) {
            Console.Error.WriteLine("usage: SuspendStorm.exe SECONDS");
            return 2;
        }
        var clock = Stopwatch.StartNew();
        var workers = new Thread[Starters + 1];
        for (int i = 0; i < Starters; i++) {
            workers[i] = new Thread(StartThreads);
            workers[i].Start(i);
        }
        workers[Starters] = new Thread(Collect);
        workers[Starters].Start();
        double next = 5;
        while (clock.Elapsed.TotalSeconds < seconds) {
            Thread.Sleep(100);
            if (clock.Elapsed.TotalSeconds < next)
                continue;
            next += 5;
            Console.WriteLine("{0,4:f0} s: {1} threads, {2} collections", clock.Elapsed.TotalSeconds,
                              Interlocked.Read(ref threadsDone), Interlocked.Read(ref collections));
        }
        stop = true;
        foreach (var worker in workers)
            worker.Join();
        Console.WriteLine("threads {0}, collections {1}, MiB {2}", threadsDone, collections,
                          bytesTaken >> 20);
        Console.WriteLine("OK");
        return 0;
    }
}
