# Writes a listing of COUNT segments as /proc/sysvipc/shm has them: awk -v count=N -f listing.awk
BEGIN {
    print "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap"
    for (i = 0; i < count; i++)
        printf "%10d %10d %4o %21d %5u %5u %5u %5u %5u %5u %5u %10u %10u %10u %21d %21d\n",
            i - 5000, i, 384, 131104, 100 + i % 1000, 0, 0, 1000 + i % 50, 1000, 1000, 1000,
            1795000000 + i, 0, 1795000000 + i, 4096, 0
}
