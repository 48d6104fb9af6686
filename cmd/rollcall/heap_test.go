package main

import "testing"

func TestASmallHeapMayGrowToTheFloorAndALargeOneAsUsual(t *testing.T) {
	t.Parallel()
	for live := uint64(0); live < 4*heapFloor; live += 1 << 18 {
		percent := uint64(percentFor(live))
		goal := live + live*percent/100
		usual := live * (100 + usualPercent) / 100
		if goal < usual || goal > max(heapFloor, usual) {
			t.Errorf("%d bytes alive: the goal is %d", live, goal)
		}
		if live > 8<<20 && goal < heapFloor*6/10 {
			t.Errorf("%d bytes alive: the goal is %d, far below the floor", live, goal)
		}
	}
}
