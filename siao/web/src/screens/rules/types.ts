// The published rules as the server tells them; the first four levels are the priority levels.
export interface Parameters { order: string[]; floors: number[]; promote_after_hours: number | null; counted: string; step_free_waste: number; protected_waste: number; grid: string[] }
export interface Edition extends Parameters { version: number; effective: string | null; coming: boolean; levels: string[]; sentences: string[] }
export interface Published { in_force: number; earliest: string; latest: string; editions: Edition[] }
export interface Effect { drawn: string; declared: boolean; evenings: number; unproven: number; levels: Record<string, [number, number]>; shares: { level: number; side: string; asked: number; before: number; after: number }[] }
