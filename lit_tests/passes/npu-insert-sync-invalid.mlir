// What npu-insert-sync refuses.
// RUN: xdsl-opt %s -p npu-insert-sync --split-input-file --verify-diagnostics | filecheck %s

// It orders accesses to addresses.
// CHECK: npu-insert-sync: npu.alloc has no address; run npu-plan-memory before
npu.kernel @k ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %a = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  npu.load %x into %a : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
}

// -----

// It knows structured loops with bounds only.
// CHECK: npu-insert-sync: scf.while in a kernel; use scf.for and scf.if
npu.kernel @k ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %true = arith.constant true
  scf.while () : () -> () {
    scf.condition(%true)
  } do {
    scf.yield
  }
}
