// CollectorHeavy - keeps a garbage collector busy from several threads at once.
//
//     mcs CollectorHeavy.cs && hostmem run CollectorHeavy.exe [ROUNDS]
//
// Each thread builds trees that die young, keeps some that live longer, fills arrays of up to some
// MiB, and interns strings. What it computes depends on nothing but ROUNDS, so that a wrong byte
// anywhere shows in the checksum. With the default of 12 rounds it is
//
//     checksum 118b7ed5e7e855e6
//
using System;
using System.Collections.Generic;
using System.Threading;

static class CollectorHeavy
{
    const int Workers = 4;
    const int DefaultRounds = 12;

    sealed class Node
    {
        public Node Left, Right;
        public ulong Value;
    }

    // A generator of our own, because System.Random's numbers may differ between runtimes.
    struct Generator
    {
        ulong state;

        public Generator(ulong seed)
        {
            state = seed;
        }

        public ulong Next()
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            return state;
        }
    }

    static ulong Mix(ulong sum, ulong value)
    {
        return (sum ^ value) * 0x9e3779b97f4a7c15UL + (sum >> 29);
    }

    static Node Build(int depth, ref Generator random)
    {
        var node = new Node { Value = random.Next() };
        if (depth > 0) {
            node.Left = Build(depth - 1, ref random);
            node.Right = Build(depth - 1, ref random);
        }
        return node;
    }

    static ulong Sum(Node node, ulong sum)
    {
        if (node == null)
            return sum;
        return Sum(node.Right, Sum(node.Left, Mix(sum, node.Value)));
    }

    // Large enough for the large-object space, which asks the host for each array.
    static ulong Arrays(ref Generator random)
    {
        ulong sum = 0;
        for (int i = 0; i < 12; i++) {
            var words = new ulong[(128 << 10) + (int)(random.Next() % (1 << 20))];
            for (int at = 0; at < words.Length; at += 512) {
                if (words[at] != 0)
                    throw new InvalidOperationException("a fresh array is not zero");
                words[at] = random.Next();
            }
            for (int at = 0; at < words.Length; at += 512)
                sum = Mix(sum, words[at]);
        }
        return sum;
    }

    static ulong Strings(ref Generator random)
    {
        var counts = new Dictionary<string, int>();
        ulong sum = 0;
        for (int i = 0; i < 20000; i++) {
            string key = "key-" + (random.Next() % 5000).ToString("x");
            int count;
            counts.TryGetValue(key, out count);
            counts[key] = count + 1;
        }
        // Added up, not mixed: the order of a dictionary is nobody's promise.
        foreach (var pair in counts)
            sum += (ulong)pair.Key.Length * 31 + (ulong)(pair.Value * pair.Value);
        return sum;
    }

    static ulong Work(int worker, int rounds)
    {
        var random = new Generator(0x2545f4914f6cdd1dUL * (ulong)(worker + 1));
        var kept = new Node[8];
        ulong sum = 0;
        for (int round = 0; round < rounds; round++) {
            kept[round % kept.Length] = Build(15, ref random);
            for (int i = 0; i < 60; i++)
                sum = Sum(Build(9, ref random), sum);
            sum = Mix(sum, Arrays(ref random));
            sum = Mix(sum, Strings(ref random));
            sum = Sum(kept[(round * 5) % kept.Length], sum);
        }
        return sum;
    }

    static int Main(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0]) : DefaultRounds;
        var sums = new ulong[Workers];
        var threads = new Thread[Workers];
        for (int i = 0; i < Workers; i++) {
            int worker = i;
            threads[i] = new Thread(() => sums[worker] = Work(worker, rounds));
            threads[i].Start();
        }
        ulong total = 0;
        for (int i = 0; i < Workers; i++) {
            threads[i].Join();
            total = Mix(total, sums[i]);
        }
        Console.WriteLine("rounds {0}, threads {1}, collections {2}/{3}", rounds, Workers,
                          GC.CollectionCount(0), GC.CollectionCount(1));
        Console.WriteLine("checksum {0:x16}", total);
        return 0;
    }
}
