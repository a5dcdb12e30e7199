// Addresses for buffers and temporaries.
// RUN: xdsl-opt %s -p npu-plan-memory | filecheck %s
// RUN: xdsl-opt %s -p 'npu-plan-memory{target="ascend910b1"}' | filecheck %s

// Every buffer has a place of its own while they fit. Rows are padded as their type says.
// CHECK:      npu.kernel @apart
// CHECK-NEXT:   %a = npu.alloc at 480
// CHECK-NEXT:   %b = npu.alloc at 0
// CHECK-NEXT:   %c = npu.alloc at 2528
// CHECK-NEXT:   npu.vexp ins(%a
// CHECK-NEXT: }
npu.kernel @apart ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %a = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  %b = npu.alloc : memref<3x33xf32, strided<[40, 1]>, #npu.scope<ub>>
  %c = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  npu.vexp ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%c : memref<8x64xf32, #npu.scope<ub>>)
}

// An earlier plan is replaced.
// CHECK:      npu.kernel @again
// CHECK-NEXT:   %a = npu.alloc at 0
// CHECK-NEXT:   npu.vexp ins(%a
// CHECK-NEXT: }
npu.kernel @again ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %a = npu.alloc at 8192 : memref<8x64xf32, #npu.scope<ub>>
  npu.vexp ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%a : memref<8x64xf32, #npu.scope<ub>>)
}

// Three buffers of 96 KiB in the 192 KiB of ub: the third takes the place of the first, which is dead.
// Buffers of a loop live for one iteration, a buffer from outside lives for the whole loop.
// CHECK:      npu.kernel @reuse
// CHECK-NEXT:   %a = npu.alloc at 0
// CHECK-NEXT:   %b = npu.alloc at 98304
// CHECK-NEXT:   %c = npu.alloc at 0
// CHECK-NEXT:   npu.vexp ins(%a
// CHECK-NEXT:   npu.vexp ins(%b
// CHECK-NEXT: }
npu.kernel @reuse ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %a = npu.alloc : memref<96x256xf32, #npu.scope<ub>>
  %b = npu.alloc : memref<96x256xf32, #npu.scope<ub>>
  %c = npu.alloc : memref<96x256xf32, #npu.scope<ub>>
  npu.vexp ins(%a : memref<96x256xf32, #npu.scope<ub>>) outs(%b : memref<96x256xf32, #npu.scope<ub>>)
  npu.vexp ins(%b : memref<96x256xf32, #npu.scope<ub>>) outs(%c : memref<96x256xf32, #npu.scope<ub>>)
}

// A reduction of long rows needs half of the tile for itself, a column beside rows a block for each of
// them. Temporaries live for the instruction.
// CHECK:      npu.kernel @temporary
// CHECK-NEXT:   %a = npu.alloc at 0
// CHECK-NEXT:   %m = npu.alloc at 6144
// CHECK-NEXT:   npu.vreduce <max> ins(%a {{.*}} axes [1] temporary 4096
// CHECK-NEXT:   npu.vsub ins(%a, %m {{.*}} temporary 6400
// CHECK-NEXT: }
npu.kernel @temporary ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %a = npu.alloc : memref<8x128xf32, #npu.scope<ub>>
  %m = npu.alloc : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>
  npu.vreduce <max> ins(%a : memref<8x128xf32, #npu.scope<ub>>) outs(%m : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  npu.vsub ins(%a, %m : memref<8x128xf32, #npu.scope<ub>>, memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) outs(%a : memref<8x128xf32, #npu.scope<ub>>)
}

// Buffers in l1 and l0c take whole fractals: 16 rows of 32 bytes, and 16 by 16 accumulators.
// CHECK:      npu.kernel @k
// CHECK-NEXT:   %a = npu.alloc at 0
// CHECK-NEXT:   %b = npu.alloc at 1024
// CHECK-NEXT:   %c = npu.alloc at 0
// CHECK-NEXT:   %d = npu.alloc at 4096
// CHECK-NEXT: }
npu.kernel @k ins(%x: memref<16x16xf32, #npu.scope<global>>, %w: memref<16x16xf32, #npu.scope<global>>) outs(%y: memref<16x16xf32, #npu.scope<global>>) on <cube> blocks 1 target "ascend910b1" {
  %a = npu.alloc : memref<17x5xf32, #npu.scope<l1>>
  %b = npu.alloc : memref<16x16xf32, #npu.scope<l1>>
  %c = npu.alloc : memref<17x17xf32, #npu.scope<l0c>>
  %d = npu.alloc : memref<16x16xf32, #npu.scope<l0c>>
}
