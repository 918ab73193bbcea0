// Limited - meets a limit of the host's, survives it, and goes on.
//
//     mcs Limited.cs && hostmem run --commit-limit 256M Limited.exe
//
// Takes large arrays until the host refuses, which arrives here as OutOfMemoryException; gives half
// of them back, shows that memory can be had again and that what was kept is intact; and does all
// of that several times, because a refusal must not lose anything.
using System;
using System.Collections.Generic;

static class Limited
{
    const int ArrayBytes = 24 << 20;
    const int Most = 1000; // far beyond any sensible limit
    const int Cycles = 5;

    static void Mark(byte[] array, int number)
    {
        for (int at = 0; at < array.Length; at += 4096)
            array[at] = (byte)(number + at / 4096);
    }

    static bool Intact(byte[] array, int number)
    {
        for (int at = 0; at < array.Length; at += 4096)
            if (array[at] != (byte)(number + at / 4096))
                return false;
        return true;
    }

    // Adds arrays until none is to be had. False when the limit never came.
    static bool Fill(List<byte[]> arrays, ref int refusals)
    {
        try {
            while (arrays.Count < Most) {
                var array = new byte[ArrayBytes];
                Mark(array, arrays.Count);
                arrays.Add(array);
            }
        } catch (OutOfMemoryException) {
            refusals++;
            return true;
        }
        return false;
    }

    static int Main()
    {
        var arrays = new List<byte[]>();
        int refusals = 0;
        for (int cycle = 1; cycle <= Cycles; cycle++) {
            int before = arrays.Count;
            if (!Fill(arrays, ref refusals)) {
                Console.WriteLine("{0} arrays and no limit", arrays.Count);
                return 1;
            }
            if (arrays.Count == before) {
                Console.WriteLine("cycle {0}: nothing to be had, though memory was freed", cycle);
                return 1;
            }
            for (int i = 0; i < arrays.Count; i++)
                if (!Intact(arrays[i], i)) {
                    Console.WriteLine("array {0} is damaged", i);
                    return 1;
                }
            Console.WriteLine("cycle {0}: OutOfMemoryException at {1} arrays of {2} MiB", cycle,
                              arrays.Count, ArrayBytes >> 20);
            arrays.RemoveRange(arrays.Count / 2, arrays.Count - arrays.Count / 2);
            GC.Collect();
        }
        Console.WriteLine("refused {0} times, {1} arrays kept", refusals, arrays.Count);
        Console.WriteLine("OK");
        return 0;
    }
}
