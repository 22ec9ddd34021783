/*
 * Stands in for a DLL of Windows that wine 8 does not have yet: the one function of it that Rust's standard library
 * needs. For tests only.
 */
#include <windows.h>

/* RtlGenRandom; its real name is this one. */
BOOLEAN NTAPI SystemFunction036(void *buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *buffer, SIZE_T length)
{
    while (length > 0)
    {
        ULONG part = length > 4096 ? 4096 : (ULONG)length;
        if (!SystemFunction036(buffer, part))
        {
            return FALSE;
        }
        buffer += part;
        length -= part;
    }
    return TRUE;
}
