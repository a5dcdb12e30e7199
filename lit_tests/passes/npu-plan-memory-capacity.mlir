// Buffers that do not fit: which scope, how much, where, and what is alive there.
// RUN: xdsl-opt %s -p npu-plan-memory --split-input-file --verify-diagnostics | filecheck %s

// CHECK: @k: ub needs 262144 bytes at npu.vexp and has 196608; alive there: %a 256x256xf32 (262144)
npu.kernel @k ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %a = npu.alloc : memref<256x256xf32, #npu.scope<ub>>
  npu.vexp ins(%a : memref<256x256xf32, #npu.scope<ub>>) outs(%a : memref<256x256xf32, #npu.scope<ub>>)
}

// -----

// A buffer that a branch chooses has no live range.
// CHECK: a buffer that scf.yield chooses at run time cannot be planned
npu.kernel @k ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %a = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  %b = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  %true = arith.constant true
  %c = scf.if %true -> (memref<8x64xf32, #npu.scope<ub>>) {
    scf.yield %a : memref<8x64xf32, #npu.scope<ub>>
  } else {
    scf.yield %b : memref<8x64xf32, #npu.scope<ub>>
  }
}
