const NETLINK_ROUTE = 0;

/**
 * Inode of the NETLINK_ROUTE socket with this port id in the text of /proc/net/netlink
 * (netlink_seq_show in net/netlink/af_netlink.c), null when there is none. The `Pid` column is the port
 * id as an unsigned number, whoever bound it.
 */
export function inodeOfPort(table: string, portid: number): number | null {
  for (const line of table.split('\n')) {
    // sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode
    const columns = line.trim().split(/\s+/);
    if (Number(columns[1]) !== NETLINK_ROUTE || Number(columns[2]) !== portid) continue;
    const inode = Number(columns[9]);
    if (Number.isSafeInteger(inode) && inode > 0) return inode;
  }
  return null;
}
