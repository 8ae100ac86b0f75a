/** The kernel option that makes a driver, where the driver's name does not tell (xfs: XFS_FS). For messages. */
export function optionOfDriver(driver: string): string | undefined {
  return options[driver]
}

// biome-ignore format: a table
const options: Record<string, string> = {
  // virtio
  virtio_pci: 'VIRTIO_PCI', virtio_blk: 'VIRTIO_BLK', virtio_net: 'VIRTIO_NET', virtio_scsi: 'SCSI_VIRTIO',
  virtio_console: 'VIRTIO_CONSOLE', virtio_rng: 'HW_RANDOM_VIRTIO', virtio_balloon: 'VIRTIO_BALLOON',
  virtiofs: 'VIRTIO_FS', '9p': '9P_FS', '9pnet_virtio': 'NET_9P_VIRTIO', '9pnet': 'NET_9P',
  // file systems
  xfs: 'XFS_FS', btrfs: 'BTRFS_FS', ext4: 'EXT4_FS', overlay: 'OVERLAY_FS', fuse: 'FUSE_FS', exfat: 'EXFAT_FS',
  vfat: 'VFAT_FS', f2fs: 'F2FS_FS', ntfs3: 'NTFS3_FS', udf: 'UDF_FS', ocfs2: 'OCFS2_FS', zonefs: 'ZONEFS_FS',
  ceph: 'CEPH_FS', libceph: 'CEPH_LIB', cifs: 'CIFS', ksmbd: 'SMB_SERVER', nfs: 'NFS_FS', nfsv3: 'NFS_V3',
  nfsv4: 'NFS_V4', nfsd: 'NFSD', autofs4: 'AUTOFS_FS', configfs: 'CONFIGFS_FS',
  // block
  rbd: 'BLK_DEV_RBD', nbd: 'BLK_DEV_NBD', loop: 'BLK_DEV_LOOP', zram: 'ZRAM', brd: 'BLK_DEV_RAM',
  null_blk: 'BLK_DEV_NULL_BLK', ublk_drv: 'BLK_DEV_UBLK', nvme: 'BLK_DEV_NVME', nvme_core: 'NVME_CORE',
  nvme_tcp: 'NVME_TCP', nvme_rdma: 'NVME_RDMA', nvmet: 'NVME_TARGET', nvmet_tcp: 'NVME_TARGET_TCP',
  nvme_loop: 'NVME_TARGET_LOOP', raid6_pq: 'RAID6_PQ',
  // device mapper
  dm_mod: 'BLK_DEV_DM', dm_multipath: 'DM_MULTIPATH', dm_delay: 'DM_DELAY', dm_flakey: 'DM_FLAKEY', dm_dust: 'DM_DUST',
  dm_log_writes: 'DM_LOG_WRITES', dm_snapshot: 'DM_SNAPSHOT', dm_thin_pool: 'DM_THIN_PROVISIONING', dm_zero: 'DM_ZERO',
  dm_crypt: 'DM_CRYPT', dm_service_time: 'DM_MULTIPATH_ST', dm_queue_length: 'DM_MULTIPATH_QL', dm_zoned: 'DM_ZONED',
  // SCSI and targets
  scsi_mod: 'SCSI', sd_mod: 'BLK_DEV_SD', sg: 'CHR_DEV_SG', sr_mod: 'BLK_DEV_SR', scsi_debug: 'SCSI_DEBUG',
  scsi_dh_alua: 'SCSI_DH_ALUA', scsi_dh_rdac: 'SCSI_DH_RDAC', scsi_dh_emc: 'SCSI_DH_EMC', iscsi_tcp: 'ISCSI_TCP',
  target_core_mod: 'TARGET_CORE', target_core_iblock: 'TCM_IBLOCK', target_core_file: 'TCM_FILEIO',
  target_core_pscsi: 'TCM_PSCSI', target_core_rbd: 'TCM_RBD', target_core_user: 'TCM_USER2', tcm_loop: 'LOOPBACK_TARGET',
  iscsi_target_mod: 'ISCSI_TARGET',
  // USB
  dummy_hcd: 'USB_DUMMY_HCD', libcomposite: 'USB_LIBCOMPOSITE', usb_storage: 'USB_STORAGE', uas: 'USB_UAS',
  usb_f_mass_storage: 'USB_CONFIGFS_MASS_STORAGE', usb_f_tcm: 'USB_CONFIGFS_F_TCM', xhci_pci: 'USB_XHCI_PCI',
  ehci_pci: 'USB_EHCI_PCI', vhci_hcd: 'USBIP_VHCI_HCD', usbip_core: 'USBIP_CORE', usbip_host: 'USBIP_HOST',
  usbip_vudc: 'USBIP_VUDC',
  // network
  af_packet: 'PACKET', bridge: 'BRIDGE', tun: 'TUN', veth: 'VETH', rdma_rxe: 'RDMA_RXE', fcoe: 'FCOE', tcm_fc: 'TCM_FC',
  // the rest
  pvpanic: 'PVPANIC', pvpanic_pci: 'PVPANIC_PCI', i6300esb: 'I6300ESB_WDT', kmemleak_test: 'DEBUG_KMEMLEAK_TEST',
}
